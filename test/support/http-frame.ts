/**
 * Where an HTTP/1.1 message ends in a stream of bytes: enough for a proxy that must know when a request has arrived whole
 * and when its answer has, and that hands on the very bytes it got.
 */

export interface Message {
  /** The first line: `GET /path HTTP/1.1`, or `HTTP/1.1 200 OK`. */
  readonly first: string;
  /** Lower-case names; the last of a repeated one. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded: without the framing of chunks. */
  readonly body: Buffer;
  /** All of it as it came. */
  readonly raw: Buffer;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const LINE = Buffer.from('\r\n');

/**
 * The first whole message at the start of `bytes`; undefined = more must come. `bodiless`: an answer to HEAD. `ended`: the
 * stream is over, which ends a body of no stated length.
 */
export function takeMessage(
  bytes: Buffer,
  { bodiless = false, ended = false }: { readonly bodiless?: boolean; readonly ended?: boolean } = {},
): Message | undefined {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end === -1) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const start = end + END_OF_HEAD.length;
  const message = (body: Buffer, length: number): Message => ({
    first,
    headers,
    body,
    raw: bytes.subarray(0, length),
  });
  const isAnswer = first.startsWith('HTTP/');
  if (bodiless || (isAnswer && /^HTTP\/1\.\d (?:1\d\d|204|304)/.test(first)))
    return message(Buffer.alloc(0), start);
  if (headers['transfer-encoding']?.toLowerCase() === 'chunked') {
    const chunks = takeChunks(bytes, start);
    return chunks === undefined ? undefined : message(chunks.body, chunks.end);
  }
  const length = headers['content-length'];
  if (length !== undefined) {
    const stop = start + Number(length);
    return bytes.length < stop ? undefined : message(bytes.subarray(start, stop), stop);
  }
  if (!isAnswer) return message(Buffer.alloc(0), start);
  return ended ? message(bytes.subarray(start), bytes.length) : undefined;
}

function takeChunks(
  bytes: Buffer,
  from: number,
): { readonly body: Buffer; readonly end: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = from; ; ) {
    const line = bytes.indexOf(LINE, at);
    if (line === -1) return undefined;
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    const start = line + LINE.length;
    if (!(size >= 0) || bytes.length < start + size + LINE.length) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), end: start + LINE.length };
    parts.push(bytes.subarray(start, start + size));
    at = start + size + LINE.length;
  }
}

/** An answer as bytes, with its length stated. */
export function formatAnswer(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): Buffer {
  const bytes = Buffer.from(body);
  const dropped = ['content-length', 'transfer-encoding'];
  const lines = Object.entries(headers)
    .filter(([name]) => !dropped.includes(name.toLowerCase()))
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const length = status === 204 ? '' : `content-length: ${bytes.length}\r\n`;
  const head = `HTTP/1.1 ${status} Told\r\n${lines.join('')}${length}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), status === 204 ? Buffer.alloc(0) : bytes]);
}
