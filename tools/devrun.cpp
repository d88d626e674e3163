#include "compiler/Compile.h"
#include "frontends/onnx/TensorFile.h"
#include "runtime/session/session.h"
#include <filesystem>
#include <iostream>
#include <cmath>
#include <cstring>
using namespace heddle; namespace fs=std::filesystem;
static double at(const HostTensor&t,size_t i){ const char*p=t.bytes.data(); switch(t.type){case ElementType::kFloat32:return ((const float*)p)[i];case ElementType::kFloat64:return ((const double*)p)[i];case ElementType::kInt64:return ((const int64_t*)p)[i];case ElementType::kInt32:return ((const int32_t*)p)[i];case ElementType::kUint8:return ((const uint8_t*)p)[i];case ElementType::kInt8:return ((const int8_t*)p)[i];case ElementType::kBool:return p[i]!=0;default:return 0;}}
int main(int argc,char**argv){ std::string dir=argv[1]; CompileOptions o; for(int i=3;i<argc;i++){ if(!strncmp(argv[i],"--emit=",7)){std::string k=argv[i]+7; o.emit=k=="heddle"?EmitKind::Heddle:k=="task"?EmitKind::Task:EmitKind::Llvm;} if(!strcmp(argv[i],"-v")) o.progress=[](const std::string&s){std::cerr<<s<<"\n";}; }
 CompileStatistics st; std::string model = argc>2&&argv[2][0]!='-'&&strlen(argv[2])? argv[2]: dir+"/model.onnx"; std::string out="/tmp/dev/x"+std::to_string(getpid())+".heddle";
 if(o.emit!=EmitKind::Artifact) out="/tmp/dev/out.txt";
 auto s=compileToFile(model,out,o,&st); if(!s.ok()){std::cout<<"COMPILE "<<s<<"\n";return s.code()==absl::StatusCode::kUnimplemented?3:2;} if(o.emit!=EmitKind::Artifact)return 0; std::cerr<<"compiled "<<st.seconds<<"s tasks "<<st.tasks<<" kernels "<<st.kernels<<"\n";
 auto m=Model::Load(out,{}); if(!m.ok()){std::cout<<"LOAD "<<m.status()<<"\n";return 2;} unlink(out.c_str()); int bad=0;
 std::vector<std::string> sets; for(auto&e:fs::directory_iterator(dir)) if(e.is_directory()) sets.push_back(e.path()); std::sort(sets.begin(),sets.end());
 for(auto&d:sets){ auto se=Session::Create(*m,{.threads=1}); std::vector<HostTensor> keep; keep.reserve(100); 
  for(int i=0;;i++){std::string f=d+"/input_"+std::to_string(i)+".pb"; if(!fs::exists(f))break; auto t=readTensorFile(f); if(!t.ok()){std::cout<<"READ "<<t.status()<<"\n";return 2;} keep.push_back(*t); auto&h=keep.back(); int k=(*m)->FindInput(h.name); if(k<0)k=i; auto tt=Tensor::Borrow(h.type,h.dims,h.bytes.data()); auto r=(*se)->SetInput(k,*tt); if(!r.ok()){std::cout<<"INPUT "<<r<<"\n";return 1;}}
  auto r=(*se)->Run(); if(!r.ok()){std::cout<<"RUN "<<r<<"\n";return 1;}
  auto t0=std::chrono::steady_clock::now(); double best=1e9; int reps=getenv("REPS")?atoi(getenv("REPS")):0; for(int i=0;i<reps;i++){auto a=std::chrono::steady_clock::now(); (void)(*se)->Run(); best=std::min(best,std::chrono::duration<double>(std::chrono::steady_clock::now()-a).count());} if(reps)std::cerr<<d<<" best ms "<<best*1e3<<"\n"; (void)t0;
  for(int i=0;;i++){std::string f=d+"/output_"+std::to_string(i)+".pb"; if(!fs::exists(f))break; auto w=readTensorFile(f); int k=(*m)->FindOutput(w->name); if(k<0)k=i; auto&g=(*se)->output(k); HostTensor got{"",g.element_type(),{g.dims().begin(),g.dims().end()},std::string((char*)g.data(),g.bytes())}; if(got.type!=w->type||got.dims!=w->dims){std::cout<<"SHAPE "<<dimsText(got.dims)<<" want "<<dimsText(w->dims)<<" types "<<(int)got.type<<" "<<(int)w->type<<"\n";bad=1;continue;}
   size_t n=*countTensorElements(w->dims); double mx=0,sc=0,dot=0,na=0,nb=0; size_t wrong=0,first=0; for(size_t j=0;j<n;j++){double a=at(got,j),b=at(*w,j); if(!std::isnan(b)&&!std::isinf(b))sc=std::max(sc,std::fabs(b));dot+=a*b;na+=a*a;nb+=b*b;} for(size_t j=0;j<n;j++){double a=at(got,j),b=at(*w,j); if(std::isnan(a)!=std::isnan(b)||(!(std::isnan(b))&&a!=b&&!(std::fabs(a-b)<=1e-4*std::max(1.0,sc)+1e-3*std::fabs(b)))){if(!wrong)first=j;wrong++;} if(!std::isnan(a-b))mx=std::max(mx,std::fabs(a-b));}
   if(wrong){std::cout<<"WRONG output "<<w->name<<" "<<wrong<<"/"<<n<<" first "<<first<<" got "<<at(got,first)<<" want "<<at(*w,first)<<" maxdiff "<<mx<<" cos "<<dot/std::sqrt(na*nb)<<"\n";bad=1;} } }
 if(!bad)std::cout<<"OK\n"; return bad; }
