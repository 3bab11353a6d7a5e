/** A server that asks for an hour of patience: a command that ends says so and ends. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runProgram } from '../../src/cli/program.ts';
import { fleetDir } from '../support/fleet-dir.ts';
import { memoryIo } from '../support/io.ts';

let server: Server;
afterEach(() => server.close());

it.each(['plan', 'apply'])('%s does not wait for it', async (command) => {
  let asked = 0;
  server = createServer((_, reply) => {
    asked += 1;
    reply
      .writeHead(429, { 'retry-after': '3600', 'content-type': 'application/json' })
      .end('{"error": "later"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const dir = mkdtempSync(join(tmpdir(), 'evenkeel-held-'));
  writeFileSync(join(dir, 'web.yaml'), 'name: web\nimage: nginx:1\n');
  const env = {
    EVENKEEL_API_URL: `http://127.0.0.1:${port}`,
    TUTUM_USER: 'u',
    TUTUM_APIKEY: 'key-for-tests',
    EVENKEEL_STATE_DIR: join(dir, 'state'),
  };
  const { io, written } = memoryIo({ env });
  expect(await runProgram([command, join(dir, 'web.yaml')], COMMANDS, io)).toBe(1);
  expect(written().stderr).toContain('EK601');
  expect(written().stderr).toContain('429');
  expect(asked).toBe(1);
});

it('nor where the list is given and only the details of one service are held back', async () => {
  const fleet = await fleetDir({ settings: { profile: 'reference' } });
  fleet.write(
    Object.fromEntries(
      ['a', 'b', 'c', 'd'].map((name) => [`${name}.yaml`, `name: ${name}\nimage: nginx:1\n`]),
    ),
  );
  expect((await fleet.run(['apply', fleet.folder, '--yes'])).exit).toBe(0);
  let details = 0;
  server = createServer(async (request, reply) => {
    const isDetail = /\/service\/[^/?]+\//.test(request.url ?? '');
    if (isDetail) details += 1;
    if (isDetail && details === 1) {
      reply.writeHead(429, { 'retry-after': '3600' }).end('{"error": "later"}');
      return;
    }
    const { authorization = '' } = request.headers;
    const answer = await fetch(`${fleet.server.url}${request.url}`, { headers: { authorization } });
    reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const env = {
    EVENKEEL_API_URL: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    EVENKEEL_CONCURRENCY: '1',
  };
  const { exit, stderr } = await fleet.run(['plan', fleet.folder], { env });
  expect({ exit, stderr }).toEqual({ exit: 1, stderr: expect.stringContaining('EK601') });
  await fleet.server.close();
});
