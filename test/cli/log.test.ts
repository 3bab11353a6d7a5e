import { describe, expect, it } from 'vitest';
import { createLog, type Level } from '../../src/cli/log.ts';
import { Secrets } from '../../src/cli/secrets.ts';
import { scrubber } from '../../src/service/secrets.ts';
import { virtualClock } from '../support/clock.ts';
import { CANARY, EVERY_EVENT, UUID } from '../support/plans.ts';

function logged(level: Level, secrets = new Secrets()) {
  const lines: string[] = [];
  const output = { write: (text: string) => void lines.push(text), isTTY: false, columns: () => 80 };
  const log = createLog(level, output, virtualClock(), secrets);
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the log', () => {
  it('has one JSON line for each event, with a message that never changes and the facts as fields', async () => {
    const { log, lines } = logged('debug');
    for (const event of Object.values(EVERY_EVENT)) log.listen(event);
    expect(lines).toHaveLength(Object.keys(EVERY_EVENT).length);
    await expect(lines.join('')).toMatchFileSnapshot('../golden/log.jsonl');
  });

  it('says nothing below its level', () => {
    const { log, lines } = logged('error');
    log.listen(EVERY_EVENT['operation:accepted']);
    log.listen(EVERY_EVENT['operation:failed']);
    expect(lines).toEqual([]);
    log.listen(EVERY_EVENT['journal:failed']);
    expect(lines).toHaveLength(1);
    const silent = logged('silent');
    silent.log.listen(EVERY_EVENT['journal:failed']);
    expect(silent.lines).toEqual([]);
  });

  it('holds no value of an environment variable that is sent', () => {
    const { log, lines } = logged('debug');
    log.listen({
      ...EVERY_EVENT['operation:accepted'],
      operation: {
        verb: 'create',
        spec: { image: 'a', container_envvars: [{ key: 'DB_PASSWORD', value: CANARY }] },
        redeployToken: undefined,
      },
    });
    expect(lines.join('')).not.toContain('s3cr3t');
    expect(lines.join('')).toContain('container_envvars');
  });

  it('masks known secrets in what others said, however they are spelt', () => {
    const secrets = new Secrets();
    secrets.add([CANARY, 'api-key-123']);
    const { log, lines } = logged('debug', secrets);
    log.listen({
      ...EVERY_EVENT['operation:failed'],
      failure: {
        kind: 'refused',
        status: 400,
        message: `bad ${CANARY}, ${JSON.stringify(CANARY)}, ${encodeURIComponent(CANARY)}, api-key-123`,
        fields: { container_envvars: [`${CANARY} is bad`] },
      },
    });
    log.write('info', 'more', { list: [CANARY], uuid: UUID(1) });
    expect(lines.join('')).not.toMatch(/s3cr3t|api-key-123/);
    expect(lines.join('')).toContain('***');
  });
});

describe('the scrubber', () => {
  it('masks a short secret only where it stands alone', () => {
    const clean = scrubber(['no', '']);
    expect(clean('no, not now: no')).toBe('***, not now: ***');
  });

  it('masks the longer of two secrets first, so that no rest is left', () => {
    expect(scrubber(['pass', 'password1'])('password1 pass')).toBe('*** ***');
  });

  it('changes nothing when there is nothing to hide', () => {
    expect(scrubber([])('as it is')).toBe('as it is');
  });
});
