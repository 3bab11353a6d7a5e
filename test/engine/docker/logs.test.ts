import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeLogs, readLog } from '../../../src/engine/docker/log-lines.ts';
import { type Bench, bench, describeDocker, IMAGE, makeImage } from '../../support/docker.ts';

function frame(stream: 1 | 2, text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeUInt8(stream, 0);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

describe('the engine’s log format', () => {
  it('is read into lines, one that came in several frames as one', () => {
    const bytes = Buffer.concat([
      frame(1, '2026-01-01T00:00:00.000000001Z begin '),
      frame(2, '2026-01-01T00:00:00.000000002Z other\n'),
      frame(1, '2026-01-01T00:00:00.000000003Z end\r\n'),
      frame(1, '2026-01-01T00:00:00.000000004Z \n'),
    ]);
    expect(
      readLog(bytes, 'web-1').map(({ stream, timestamp, text }) => [stream, timestamp.slice(-4), text]),
    ).toEqual([
      ['stderr', '002Z', 'other'],
      ['stdout', '001Z', 'begin end'],
      ['stdout', '004Z', ''],
    ]);
  });

  it('of any bytes is read to its end', () => {
    for (let length = 0; length < 40; length += 1) readLog(Buffer.alloc(length, 1), 'web-1');
    expect(readLog(Buffer.alloc(0), 'web-1')).toEqual([]);
  });

  it('is merged by time, and the last lines of all are kept', () => {
    const line = (container: string, second: number) => ({
      container,
      timestamp: `2026-01-01T00:00:0${second}.000000000Z`,
      text: `${second}`,
      stream: 'stdout' as const,
    });
    const merged = mergeLogs(
      [
        [line('a', 1), line('a', 3)],
        [line('b', 2), line('b', 4)],
      ],
      3,
    );
    expect(merged.map(({ text }) => text)).toEqual(['2', '3', '4']);
    expect(mergeLogs([[line('a', 1)]], 0)).toEqual([]);
  });
});

describeDocker('logs on a Docker engine', () => {
  let b: Bench;
  beforeAll(async () => {
    await makeImage({ name: IMAGE });
    b = await bench();
  });
  afterAll(() => b.end());

  it('are those of all containers, both streams, by time, also of stopped ones', async () => {
    const chatty = b.define({
      target_num_containers: 2,
      run_command: `sh -c 'trap "exit 0" TERM; echo out; echo err >&2; sleep 60 & wait'`,
    });
    await b.run('start', chatty);
    await b.run('stop', chatty);
    const read = await b.engine.logs(chatty, { tail: 100 }, new AbortController().signal);
    if (!read.ok) throw new Error(read.failure.message);
    expect(read.value.map(({ container, stream, text }) => `${container} ${stream} ${text}`).sort()).toEqual([
      'web-1 stderr err',
      'web-1 stdout out',
      'web-2 stderr err',
      'web-2 stdout out',
    ]);
    const times = read.value.map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted());
    expect(times[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    const last = await b.engine.logs(chatty, { tail: 1 }, new AbortController().signal);
    expect(last).toEqual({ ok: true, value: read.value.slice(-1) });
    await b.run('terminate', chatty);
  });

  it('of a service without containers are empty', async () => {
    expect(await b.engine.logs(b.define(), { tail: 10 }, new AbortController().signal)).toEqual({
      ok: true,
      value: [],
    });
  });
});
