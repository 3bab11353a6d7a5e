/**
 * Git servers on loopback: `git http-backend` behind a small HTTP server that can be told to misbehave, and sshd. The
 * truth about each request is kept.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { join } from 'node:path';

export interface HttpGit {
  readonly origin: string;
  readonly requests: { readonly url: string; readonly authorization: string | undefined }[];
  /** How the next requests are answered; `serve` = as they should be. */
  behave: Behaviour;
  /** Directory that URLs lead into. */
  root: string;
  /** `user:token` that is asked for. */
  credentials: string | undefined;
  close(): Promise<void>;
}

export type Behaviour =
  | 'serve'
  /** Never answers. */
  | 'hang'
  /** Accepts and closes. */
  | 'reset'
  /** Says where the pack begins, then a byte a second. */
  | 'drip'
  /** Gives half of each answer and closes. */
  | 'cut'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

export async function httpGit(root: string, behave: Behaviour = 'serve'): Promise<HttpGit> {
  const timers = new Set<NodeJS.Timeout>();
  const server: Server = createServer((request, response) => {
    const { authorization } = request.headers;
    git.requests.push({ url: request.url ?? '', authorization });
    if (git.credentials !== undefined) {
      const wanted = `Basic ${Buffer.from(git.credentials).toString('base64')}`;
      if (authorization !== wanted) {
        // A server that quotes what it was given, as some do.
        response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' });
        response.end(`who is ${authorization}?`);
        return;
      }
    }
    answer(git, request, response, timers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const git: HttpGit = {
    origin: `http://127.0.0.1:${port}`,
    requests: [],
    behave,
    root,
    credentials: undefined,
    async close() {
      for (const timer of timers) clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return git;
}

function answer(
  { behave, root }: HttpGit,
  request: IncomingMessage,
  response: ServerResponse,
  timers: Set<NodeJS.Timeout>,
): void {
  if (behave === 'hang') return;
  if (behave === 'reset') {
    request.socket.destroy();
    return;
  }
  if (typeof behave === 'object') {
    response.writeHead(behave.status, behave.headers);
    response.end(behave.body ?? '');
    return;
  }
  if (behave === 'drip' && request.method === 'POST') {
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
    timers.add(setInterval(() => response.write('0'), 1_000));
    return;
  }
  cgi(root, request, response, behave === 'cut');
}

function cgi(root: string, request: IncomingMessage, response: ServerResponse, cut: boolean): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_ADDR: '127.0.0.1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => {});
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    const headers = new Map(
      all
        .toString('latin1', 0, end)
        .split('\r\n')
        .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    );
    const body = all.subarray(end + 4);
    const status = Number(headers.get('status')?.slice(0, 3) ?? 200);
    headers.delete('status');
    response.writeHead(status, Object.fromEntries(headers));
    if (!cut || request.method === 'GET') {
      response.end(body);
      return;
    }
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => request.socket.destroy());
  });
}

/** Where sshd is, if Debian's openssh-server is installed. */
export const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));

export interface SshGit {
  readonly port: number;
  readonly keyFile: string;
  readonly knownHosts: string;
  /** `ssh://…` of a directory. */
  url(dir: string): string;
  close(): Promise<void>;
}

/** An sshd of our own user, with one key that may come in. Its files are in `dir`. */
export async function sshGit(dir: string): Promise<SshGit> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  for (const name of ['host', 'user']) sshKey(join(dir, name));
  const port = await freePort();
  writeFileSync(join(dir, 'authorized_keys'), readFileSync(join(dir, 'user.pub')), { mode: 0o600 });
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey "${join(dir, 'host')}"`,
    `AuthorizedKeysFile "${join(dir, 'authorized_keys')}"`,
    `PidFile "${join(dir, 'pid')}"`,
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
  ];
  writeFileSync(join(dir, 'config'), `${config.join('\n')}\n`);
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const child: ChildProcess = spawn(SSHD ?? 'sshd', ['-D', '-e', '-f', join(dir, 'config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Server listening')) resolve();
    });
    child.on('close', () => reject(new Error(`sshd ended: ${said}`)));
  });
  const knownHosts = join(dir, 'known hosts');
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${readFileSync(join(dir, 'host.pub'), 'utf8')}`);
  const user = execFileSync('id', ['-un']).toString().trim();
  return {
    port,
    keyFile: join(dir, 'user'),
    knownHosts,
    url: (repo) => `ssh://${user}@127.0.0.1:${port}${repo}`,
    async close() {
      const ended = new Promise((resolve) => child.on('close', resolve));
      child.kill();
      await ended;
    },
  };
}

/** Makes an ed25519 key pair at `path` and `path`.pub. */
export function sshKey(path: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createTcp().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
