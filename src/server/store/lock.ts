/**
 * One server per store. The proof that the holder lives is a listening socket file: the kernel takes it down with the
 * process, whatever kills it, and it answers across containers and pid namespaces, while it is stopped or busy too.
 * Who may take over a dead one's place is decided inside an LMDB write transaction, which no two processes share.
 *
 * A pid file could not: pids are reused, and mean nothing in another container.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { relative, resolve } from 'node:path';
import type { Database, RootDatabase } from 'lmdb';
import { UserError } from '../../service/failure.ts';

interface Holder {
  readonly socket: string;
  /** Only for the message. */
  readonly pid: number;
}

/** The longest path that a socket address takes everywhere. */
const LONGEST_ADDRESS = 100;

/** Takes the lock or rejects with a UserError that names the holder. Resolves to its release. */
export async function takeLock(root: RootDatabase, path: string): Promise<() => Promise<void>> {
  const lock = root.openDB<Holder, string>('lock', { encoding: 'json' });
  const before = lock.get('holder');
  if (before !== undefined && (await alive(resolve(path, before.socket)))) throw held(path, before);

  const socket = `lock-${randomUUID().slice(0, 8)}.sock`;
  const server = await listen(resolve(path, socket));
  const mine: Holder = { socket, pid: process.pid };
  if (!takeOver(root, lock, before, mine)) {
    await close(server);
    throw held(path, lock.get('holder'));
  }
  if (before !== undefined) await rm(resolve(path, before.socket), { force: true });
  return async () => {
    root.transactionSync(() => lock.removeSync('holder'));
    await close(server);
  };
}

/** Writes `mine` if nobody wrote since `before` was read. */
function takeOver(
  root: RootDatabase,
  lock: Database<Holder, string>,
  before: Holder | undefined,
  mine: Holder,
): boolean {
  return root.transactionSync(() => {
    if (lock.get('holder')?.socket !== before?.socket) return false;
    lock.putSync('holder', mine);
    return true;
  });
}

/** Only a refusal or a missing file proves death; anything else counts as alive. */
function alive(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(address(path));
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      done(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

function listen(path: string): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', fail);
    server.listen(address(path), () => {
      server.unref();
      done(server);
    });
  });
}

/** The path, or the way there from the working directory where only that is short enough. */
function address(path: string): string {
  if (Buffer.byteLength(path) <= LONGEST_ADDRESS) return path;
  const near = relative(process.cwd(), path);
  if (Buffer.byteLength(near) <= LONGEST_ADDRESS) return near;
  throw new UserError('EK802', `the store's path is too long for its lock (at most ~90 bytes): ${path}`);
}

function close(server: Server): Promise<void> {
  return new Promise((done) => server.close(() => done()));
}

function held(path: string, holder: Holder | undefined): UserError {
  const who = holder === undefined ? 'another server' : `another server (pid ${holder.pid})`;
  return new UserError(
    'EK801',
    `the store ${path} is in use by ${who}; stop that one or give --store another directory`,
  );
}
