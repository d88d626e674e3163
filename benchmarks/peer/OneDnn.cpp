// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "benchmarks/peer/OneDnn.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <dnnl.hpp>

/// Of the OpenMP library that Debian's oneDNN runs on.
extern "C" void omp_set_num_threads(int);

namespace heddle {
namespace {

void require(bool condition, const char *what) {
  if (condition)
    return;
  std::fprintf(stderr, "oneDNN: %s\n", what);
  std::exit(1);
}

/// Both sides multiply the same numbers: A of halves, B of quarters.
struct Operands {
  Operands(int64_t m, int64_t n, int64_t k)
      : m(m), n(n), k(k), a(m * k, 0.5f), b(k * n, 0.25f), c(m * n) {}
  bool isRight() const { return c.front() == 0.125f * k && c.back() == 0.125f * k; }
  int64_t m, n, k;
  std::vector<float> a, b, c;
};

Side bySgemm(std::shared_ptr<Operands> o) {
  auto run = [o] {
    dnnl::sgemm('N', 'N', o->m, o->n, o->k, 1.0f, o->a.data(), o->k, o->b.data(), o->n, 0.0f,
                o->c.data(), o->n);
  };
  run();
  require(o->isRight(), "sgemm computed something else");
  return {"oneDNN sgemm", run};
}

Side byPrimitive(std::shared_ptr<Operands> o) {
  using dnnl::memory;
  using Tag = memory::format_tag;
  dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  auto describe = [](int64_t rows, int64_t columns, Tag tag) {
    return memory::desc({rows, columns}, memory::data_type::f32, tag);
  };
  memory::desc plain = describe(o->k, o->n, Tag::ab);
  dnnl::matmul::primitive_desc choice({describe(o->m, o->k, Tag::ab),
                                       describe(o->k, o->n, Tag::any),
                                       describe(o->m, o->n, Tag::ab)},
                                      engine);
  memory a(choice.src_desc(), engine, o->a.data()), b(choice.weights_desc(), engine);
  memory c(choice.dst_desc(), engine, o->c.data()), given(plain, engine, o->b.data());
  dnnl::reorder(given, b).execute(stream, given, b);
  stream.wait();
  dnnl::matmul product(choice);
  auto run = [=]() mutable {
    product.execute(stream, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
    stream.wait();
  };
  run();
  require(o->isRight(), "the matmul primitive computed something else");
  return {"oneDNN matmul, reordered", run};
}

} // namespace

std::vector<Side> oneDnnProducts(int64_t m, int64_t n, int64_t k) {
  omp_set_num_threads(1);
  auto operands = std::make_shared<Operands>(m, n, k);
  return {bySgemm(operands), byPrimitive(operands)};
}

std::string oneDnnVersion() {
  const dnnl_version_t *version = dnnl::version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

} // namespace heddle
