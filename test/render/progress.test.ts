import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { liveProgress } from '../../src/render/live.ts';
import { PLAIN } from '../../src/render/paint.ts';
import { progressLine } from '../../src/render/progress.ts';
import { CANARY, EVERY_EVENT, HOSTILE, UUID } from '../support/plans.ts';

describe('progress', () => {
  it('has one line in the words of the API for each event worth one', async () => {
    const lines = Object.values(EVERY_EVENT).map(
      (event) => `${event.type}\n    ${progressLine(event) ?? '(no line)'}`,
    );
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../golden/progress.txt');
  });

  it('shows a scaling PATCH as old→new', () => {
    expect(progressLine(EVERY_EVENT['operation:accepted'])).toBe('web PATCH target_num_containers 2→7');
  });

  it('shows of the environment only the keys that change', () => {
    const line = progressLine({
      ...EVERY_EVENT['operation:accepted'],
      operation: {
        verb: 'update',
        uuid: UUID(1),
        patch: { image: 'b', container_envvars: [{ key: 'A', value: CANARY }] },
      },
      why: {
        code: 'differs',
        differences: [
          { field: 'image', live: 'a', wanted: 'b' },
          { field: 'container_envvars', key: 'A', change: 'changed' },
        ],
      },
    });
    expect(line).toBe('web PATCH image a→b, container_envvars A changed');
  });

  it('keeps one event on one line, whatever a name or a message holds', () => {
    for (const text of HOSTILE) {
      const line = progressLine({
        ...EVERY_EVENT['operation:failed'],
        name: text,
        failure: { kind: 'refused', status: 400, message: text, fields: { [text]: [text] } },
      });
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}]|##\w*\[/u);
    }
  });

  it('rewrites one line on a terminal and leaves none behind', () => {
    let screen = '';
    const live = liveProgress({ write: (text) => (screen += text), columns: () => 30 }, PLAIN, 2);
    live.listen(EVERY_EVENT['operation:accepted']);
    live.listen(EVERY_EVENT['service:decided']);
    live.listen({ ...EVERY_EVENT['service:decided'], name: 'a-rather-long-name-of-a-service' });
    live.listen(EVERY_EVENT['service:in-sync']);
    live.end();
    const lines = screen
      .split('\n')
      .map((line) => line.slice(line.lastIndexOf('\u001b[2K') + 1).replace(/^\[2K/, ''));
    expect(lines).toEqual([
      'web PATCH target_num_containers 2→7',
      'web → Scaling',
      'a-rather-long-name-of-a-service → Scaling',
      'web in sync (Running)',
      '',
    ]);
    const status = screen.split(/\r|\n/).filter((part) => /^\d\/2/.test(part));
    expect(status.length).toBeGreaterThan(0);
    for (const part of status) expect([...part].length).toBeLessThan(30);
  });

  it('colours success and failure apart', () => {
    let screen = '';
    const live = liveProgress(
      { write: (text) => (screen += text), columns: () => 80 },
      pc.createColors(true),
      1,
    );
    live.listen(EVERY_EVENT['operation:failed']);
    expect(screen).toContain(pc.createColors(true).red(progressLine(EVERY_EVENT['operation:failed']) ?? ''));
  });
});
