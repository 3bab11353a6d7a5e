/**
 * A service API that quotes what it was sent: passes requests on to a real one, or answers them with an error that holds
 * every byte of the request, its credentials too, as careless servers and proxies do.
 */
import { createServer, request as forward, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EchoProxy {
  readonly origin: string;
  /** `pass`: as the real one answers. `quote`: writes are refused, `quote-all`: everything is. */
  mode: 'pass' | 'quote' | 'quote-all';
  readonly quoted: string[];
  close(): Promise<void>;
}

export async function echoProxy(target: string): Promise<EchoProxy> {
  const server = createServer((incoming, outgoing) => {
    void bodyOf(incoming).then((body) => {
      const { method = 'GET', url = '/', headers } = incoming;
      if (proxy.mode === 'quote-all' || (proxy.mode === 'quote' && method !== 'GET')) {
        const said = `you sent ${headers.authorization} and ${body.toString('utf8')}`;
        proxy.quoted.push(said);
        const status = method === 'GET' ? 500 : 400;
        outgoing.writeHead(status, { 'content-type': 'application/json' });
        outgoing.end(JSON.stringify({ error: said, service: { container_envvars: [said] } }));
        return;
      }
      const onward = forward(`${target}${url}`, { method, headers, agent: false }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: EchoProxy = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mode: 'pass',
    quoted: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
