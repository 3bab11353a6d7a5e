/**
 * A TCP proxy on loopback that does to a request what networks do: late, slow, cut off, reset before or after it was
 * carried out, never answered, answered by somebody else. What becomes of each request is asked of a script, once.
 *
 * What has been handed on arrives, whatever becomes of its sender. It knows HTTP/1.1 only as far as messages have an end.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '../../src/cli/system.ts';
import { formatAnswer, type Message, takeMessage } from './http-frame.ts';
import type { Answer, Passage, Play } from './passage.ts';

export interface ProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Asked when a request has arrived whole. */
  readonly play?: (passage: Passage) => Play | Promise<Play>;
  /** The target has answered; nothing was delivered yet. */
  readonly answered?: (passage: Passage) => void;
  /** The answer has been handed to the client's socket. */
  readonly delivered?: (passage: Passage) => void;
}

export class TcpProxy {
  readonly log: Passage[] = [];
  readonly #options: ProxyOptions;
  readonly #sockets = new Set<Socket>();
  readonly #late = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #server: Server | undefined;
  port = 0;

  private constructor(options: ProxyOptions) {
    this.#options = options;
  }

  static async open(options: ProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(options);
    await proxy.#listen();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when all that was to be handed on late has been. */
  async settled(): Promise<void> {
    while (this.#late.size > 0) await Promise.all(this.#late);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const socket of this.#sockets) socket.destroy();
    await this.#stopListening();
  }

  async #listen(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const server = createServer((socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.#server = server;
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
  }

  #stopListening(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    return new Promise((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    socket.setNoDelay(true);
  }

  #accept(client: Socket): void {
    this.#track(client);
    let bytes = Buffer.alloc(0);
    let firstAt: number | undefined;
    let busy = false;
    const next = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      for (let message = takeMessage(bytes); message !== undefined; message = takeMessage(bytes)) {
        bytes = bytes.subarray(message.raw.length);
        const at = firstAt ?? systemClock.monotonic();
        firstAt = undefined;
        await this.#pass(message, at, client);
        if (client.destroyed || client.writableEnded) return;
      }
      busy = false;
    };
    client.on('data', (more) => {
      firstAt ??= systemClock.monotonic();
      bytes = Buffer.concat([bytes, more]);
      void next();
    });
  }

  async #pass(message: Message, at: number, client: Socket): Promise<void> {
    const [method = '', path = ''] = message.first.split(' ');
    const passage: Passage = {
      number: this.log.length + 1,
      at,
      method,
      path,
      headers: message.headers,
      body: message.body.toString('utf8'),
      answer: undefined,
      delivered: undefined,
      played: undefined,
    };
    this.log.push(passage);
    const play = (await this.#options.play?.(passage)) ?? { do: 'pass' };
    passage.played = play.do;
    await this.#carry(play, passage, message, client);
  }

  async #carry(play: Play, passage: Passage, message: Message, client: Socket): Promise<void> {
    if (await this.#isOver(play, passage, message, client)) return;
    if (play.do === 'pass' && play.up !== undefined) await this.#sleep(play.up);
    const raw = await this.#forward(passage, message);
    const { answer } = passage;
    if (raw === undefined || answer === undefined) {
      client.resetAndDestroy();
      return;
    }
    this.#options.answered?.(passage);
    if (play.do === 'reset-after') client.resetAndDestroy();
    else if (play.do === 'hang-after') await gone(client);
    else if (play.do === 'change') this.#deliver(passage, client, play.change(answer));
    else if (play.do === 'truncate') {
      client.write(raw.subarray(0, Math.floor(raw.length * play.share)), () => {
        if (play.reset === true) client.resetAndDestroy();
        else client.end();
      });
    } else {
      if (play.do === 'slow') await this.#drip(raw, client, play.chunk, play.everyMs);
      else {
        if (play.do === 'pass' && play.down !== undefined) await this.#sleep(play.down);
        if (!client.destroyed) client.write(raw);
      }
      if (client.destroyed) return;
      passage.delivered = answer;
      this.#options.delivered?.(passage);
    }
  }

  /** What ends a request before the target hears of it, or without its sender. */
  async #isOver(play: Play, passage: Passage, message: Message, client: Socket): Promise<boolean> {
    if (play.do === 'answer') this.#deliver(passage, client, play.answer);
    else if (play.do === 'hang-before') await gone(client);
    else if (play.do === 'close-before') client.end();
    else if (['refuse', 'reset-before', 'late'].includes(play.do)) client.resetAndDestroy();
    else return false;
    if (play.do === 'refuse') await this.#beAway(play.ms);
    if (play.do === 'late') this.#later(this.#sleep(play.ms).then(() => this.#forward(passage, message)));
    return true;
  }

  async #drip(raw: Buffer, client: Socket, chunk: number, everyMs: number): Promise<void> {
    for (let from = 0; from < raw.length && !client.destroyed; from += chunk) {
      client.write(raw.subarray(from, from + chunk));
      await this.#sleep(everyMs);
    }
  }

  #deliver(passage: Passage, client: Socket, answer: Answer): void {
    passage.delivered = answer;
    client.write(formatAnswer(answer.status, answer.headers, answer.body));
    this.#options.delivered?.(passage);
  }

  #sleep(ms: number): Promise<void> {
    return systemClock.sleep(ms, this.#closing.signal);
  }

  #later(work: Promise<unknown>): void {
    const noted = work.finally(() => this.#late.delete(noted));
    this.#late.add(noted);
  }

  async #beAway(ms: number): Promise<void> {
    if (this.#server === undefined) return;
    for (const socket of this.#sockets) socket.destroy();
    await this.#stopListening();
    await this.#sleep(ms);
    await this.#listen();
  }

  /** Over a connection of its own; the bytes of the whole answer, undefined when there was none. */
  #forward(passage: Passage, message: Message): Promise<Buffer | undefined> {
    if (this.#closing.signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const { host, port } = this.#options.target;
      const server = connect({ host, port });
      this.#track(server);
      let bytes = Buffer.alloc(0);
      const look = (ended: boolean) => {
        const answer = takeMessage(bytes, { ended, bodiless: passage.method === 'HEAD' });
        if (answer === undefined) return;
        const status = Number(answer.first.split(' ')[1]);
        passage.answer = { status, headers: answer.headers, body: answer.body.toString('utf8') };
        resolve(answer.raw);
        server.destroy();
      };
      server.on('data', (more) => {
        bytes = Buffer.concat([bytes, more]);
        look(false);
      });
      server.once('end', () => look(true));
      server.once('close', () => resolve(undefined));
      server.write(message.raw);
    });
  }
}

function gone(client: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (client.destroyed) resolve();
    else client.once('close', () => resolve());
  });
}
