import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { envName, KEYS } from '../../src/cli/rows.ts';
import { FILE_KEYS, readSettingsFile } from '../../src/cli/settings-file.ts';
import { METRICS, type MetricRow, PREFIX } from '../../src/ops/metric-rows.ts';
import { Metrics } from '../../src/ops/metrics.ts';
import { parseSettings } from '../../src/server/settings-file.ts';
import { virtualClock } from '../support/clock.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'evenkeel-deploy-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const rows: Readonly<Record<string, MetricRow>> = METRICS;
/** Every series name that a daemon has. */
const SERIES = new Set(
  Object.entries(rows).flatMap(([name, row]) =>
    row.type === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((end) => PREFIX + name + end)
      : [PREFIX + name],
  ),
);

/** Metrics in a query that no daemon has, and values of closed labels that none of them can have. */
function strangers(query: string): readonly string[] {
  const names = (query.match(/evenkeel_\w+/g) ?? []).filter((name) => !SERIES.has(name));
  const labels = [...query.matchAll(/(evenkeel_\w+)\{([^}]*)\}/g)].flatMap(([, name = '', inside = '']) => {
    const row =
      rows[name.slice(PREFIX.length).replace(/_(?:bucket|sum|count)$/, '')] ??
      rows[name.slice(PREFIX.length)];
    return [...inside.matchAll(/(\w+)(?:=|!=|=~|!~)"([^"]*)"/g)].flatMap(([, label = '', value = '']) => {
      const known = row?.labels[label];
      if (label === 'instance' || label === 'job' || known === 'open') return [];
      return value.split('|').filter((one) => known?.includes(one) !== true);
    });
  });
  return [...names, ...labels];
}

const has = (program: string) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { alert: string; expr: string; annotations: { runbook: string } }[];
  }[];
}
const RULES = (parse(text('deploy/prometheus-rules.yaml')) as Rules).groups.flatMap((group) => group.rules);

describe('the alert rules', () => {
  // `.ci/run` does it too, where a missing promtool is a failure.
  it.skipIf(!has('promtool'))('are taken by promtool', () => {
    const said = execFileSync('promtool', ['check', 'rules', 'deploy/prometheus-rules.yaml'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(said).toContain(`${RULES.length} rules found`);
  });

  it.skipIf(!has('promtool'))('and the metrics are as promtool wants them', async () => {
    const metrics = new Metrics(virtualClock(), { version: '1.2.3', perService: true });
    const input = await metrics.text();
    expect(execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })).toBe('');
  });

  it('ask for metrics and labels that there are', () => {
    expect(strangers('sum(evenkeel_no_such) + evenkeel_blocked{rule="no"}')).toEqual([
      'evenkeel_no_such',
      'no',
    ]);
    for (const { alert, expr } of RULES) expect([alert, strangers(expr)]).toEqual([alert, []]);
  });

  it('are each explained in docs/operations.md, and nothing else is', () => {
    const page = text('docs/operations.md');
    const sections = [...page.matchAll(/^### (Evenkeel\w+)$/gm)].map(([, name]) => name);
    expect(sections.toSorted()).toEqual(RULES.map(({ alert }) => alert).toSorted());
    for (const { alert, annotations } of RULES)
      expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
  });
});

describe('the dashboard', () => {
  it('asks for metrics and labels that there are, in every panel', () => {
    const { panels } = JSON.parse(text('deploy/grafana-dashboard.json')) as {
      panels: { id: number; title: string; targets: { expr: string }[] }[];
    };
    expect(panels.length).toBeGreaterThan(15);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { title, targets } of panels)
      for (const { expr } of targets) expect([title, strangers(expr)]).toEqual([title, []]);
  });
});

describe('the files for an installation', () => {
  it('settings are ones that the program takes', () => {
    const file = join(scratch, 'settings.yaml');
    writeFileSync(file, text('deploy/settings.yaml'));
    expect([...readSettingsFile(file, []).keys()].every((key) => FILE_KEYS.includes(key))).toBe(true);
  });

  it('notifications are as their schema says', async () => {
    const read = parseSettings(
      text('deploy/notifications.yaml'),
      'n.yaml',
      'notifications.schema.json',
      'EK523',
    );
    expect(await read).toMatchObject({
      targets: [{ type: 'webhook' }, { type: 'slack' }, { type: 'commit-status' }],
    });
  });

  it('name only settings that there are, in the environment too', () => {
    const known = new Set([...KEYS.map(envName), 'EVENKEEL_API_KEY_FILE', 'EVENKEEL_IMAGE']);
    for (const file of ['deploy/compose.yaml', 'deploy/evenkeel.service']) {
      const names = text(file).match(/EVENKEEL_[A-Z_]+/g) ?? [];
      expect(names.length).toBeGreaterThan(1);
      expect(names.filter((name) => !known.has(name))).toEqual([]);
    }
  });

  it('the container may write nothing but its state, is not root, and never sees the socket of Docker', () => {
    const { services } = parse(text('deploy/compose.yaml')) as {
      services: { daemon: Record<string, unknown> & { volumes: string[] } };
    };
    expect(services.daemon).toMatchObject({
      read_only: true,
      user: '65532:65532',
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(services.daemon.volumes.filter((volume) => !volume.endsWith(':ro'))).toEqual(['state:/state']);
    expect(text('deploy/compose.yaml')).not.toContain('docker.sock');
  });

  it.skipIf(!existsSync('/usr/bin/systemd-analyze'))(
    'the unit is one for systemd, and gives the daemon little',
    () => {
      const unit = join(scratch, 'evenkeel.service');
      // The program is elsewhere on this machine.
      writeFileSync(unit, text('deploy/evenkeel.service').replace('/usr/bin/node', process.execPath));
      const run = (...args: string[]) =>
        execFileSync('systemd-analyze', args, { encoding: 'utf8', stdio: 'pipe' });
      expect(run('verify', '--man=no', unit)).toBe('');
      expect(run('security', '--offline=true', '--threshold=20', unit)).toMatch(
        /exposure level .*: [01]\.\d OK/,
      );
    },
  );
});
