/** Standard input as one manifest file. A stream can be read once, so what came is kept. */
import { LIMITS, STDIN_PATH } from '../service/limits.ts';
import type { SourceFile } from '../service/ports.ts';
import { reason } from './files.ts';
import { sourceFile } from './text.ts';

export type StreamRead = () => Promise<{ readonly file?: SourceFile; readonly problem?: string }>;

export function streamReader(stream: AsyncIterable<Uint8Array> | undefined): StreamRead {
  let result: ReturnType<StreamRead> | undefined;
  return () => {
    result ??= readAll(stream);
    return result;
  };
}

async function readAll(stream: AsyncIterable<Uint8Array> | undefined): ReturnType<StreamRead> {
  if (stream === undefined) return { problem: `EK401 ${STDIN_PATH}: there is no standard input here` };
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > LIMITS.streamBytes) break;
    }
  } catch (error) {
    return { problem: `EK401 ${STDIN_PATH}: ${reason(error)}` };
  }
  return { file: sourceFile(STDIN_PATH, Buffer.concat(chunks), LIMITS.streamBytes) };
}
