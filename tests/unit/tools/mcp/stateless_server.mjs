// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A server on the published library for the stateless revision: over standard streams, or with
// "http" over HTTP on a free port, which it prints. It refuses the handshake.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// The library is in the folder that the test gives, not beside this file.
const from = createRequire(`${process.argv[2]}/package.json`);
const load = async (name) => import(pathToFileURL(from.resolve(name)).href.replace(/\.cjs$/, '.mjs'));
const { McpServer, createMcpHandler, inputRequired, fromJsonSchema } = await load('@modelcontextprotocol/server');
const { serveStdio } = await load('@modelcontextprotocol/server/stdio');

const object = (properties) => fromJsonSchema({ type: 'object', properties, required: Object.keys(properties) });
const text = (value) => ({ content: [{ type: 'text', text: value }] });

function make() {
  const server = new McpServer({ name: 'stateless', version: '1.0.0' });
  server.registerTool(
    'add',
    { inputSchema: object({ a: { type: 'number' }, b: { type: 'number' } }),
      outputSchema: object({ sum: { type: 'number' } }) },
    async ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }));
  server.registerTool(
    'where',
    { inputSchema: object({ region: { type: 'string', 'x-mcp-header': 'Region' } }) },
    async ({ region }) => text(region));
  server.registerTool(
    'wait',
    { inputSchema: object({ ms: { type: 'number' } }), annotations: { readOnlyHint: true } },
    async ({ ms }, context) => {
      const progressToken = context?.mcpReq?._meta?.progressToken;
      for (const progress of [1, 2]) {
        await new Promise((done) => setTimeout(done, ms / 2));
        if (progressToken !== undefined) {
          await context.mcpReq.notify({
            method: 'notifications/progress', params: { progressToken, progress, total: 2 } });
        }
      }
      return text('waited');
    });
  server.registerTool('fail', { inputSchema: object({}) }, async () => { throw new Error('it failed'); });
  server.registerTool('round', { inputSchema: object({}) }, async (_, context) =>
    context?.mcpReq?.requestState?.() === 'again' ? text('two rounds') : inputRequired({ requestState: 'again' }));
  return server;
}

if (process.argv[3] !== 'http') {
  serveStdio(make, { legacy: 'reject' });
} else {
  const handler = createMcpHandler(make, { legacy: 'reject' });
  const listener = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const abort = new AbortController();
    response.on('close', () => abort.abort());
    const answer = await handler.fetch(new Request(`http://${request.headers.host}${request.url}`, {
      method: request.method, headers: request.headers, signal: abort.signal,
      body: parts.length ? Buffer.concat(parts) : undefined }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body) for await (const part of answer.body) response.write(part);
    response.end();
  });
  listener.listen(0, '127.0.0.1', () => console.log(`port ${listener.address().port}`));
}
