/** Manifests: bytes and grammar damaged → load → a plan of it → every format. */
import { readdirSync, readFileSync } from 'node:fs';
import { oneLine, renderDiagnostic } from '../../src/manifest/diagnostic.ts';
import { load } from '../../src/manifest/load.ts';
import { createResolver } from '../../src/manifest/resolver.ts';
import { RENDERERS } from '../../src/render/index.ts';
import { PLAIN_OPTIONS } from '../../src/render/options.ts';
import { LIMITS } from '../../src/service/limits.ts';
import { sourceFile } from '../../src/source/text.ts';
import { planOf } from '../support/fleet.ts';
import { damage, damageBytes, NASTY, Rng } from './rng.ts';
import { CANARY, mustBeClean, mustBePristine, mustHold, type Target, text } from './target.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url);
/** Of the environment: is in no manifest's text, so nothing may show it. */
const RESOLVED = `${CANARY}-resolved`;
const RESOLVER = createResolver({
  env: { HOME: RESOLVED, DB_PASSWORD: RESOLVED, TUTUM_APIKEY: RESOLVED },
  file: () => ({ ok: true, text: RESOLVED }),
});

const FULL = `name: web
image: nginx:1.27
target_num_containers: 3
run_command: sh -c "true"
container_ports: [{ protocol: tcp, inner_port: 80, outer_port: 8080 }]
container_envvars:
  - { key: A, value: ${CANARY} }
  - { key: B, value_from: { env: DB_PASSWORD } }
  - { key: C, value_from: { file: token } }
  - key: D
    value: |
      ${CANARY} and
      more
linked_to_service: [{ to_service: db, name: db }]
autorestart: ON_FAILURE
labels: { team: a }
bindings: [{ volume: data, container_path: /data, rewritable: true }]
memory: 64
state: Running
reconcile: { allow_replace: true, depends_on: [db], ignore: [target_num_containers], redeploy: "1" }
---
name: db
image: "postgres:\${HOME}"
`;

function corpus(): readonly string[] {
  const examples = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .sort();
  return [FULL, FULL, ...examples.map((file) => readFileSync(new URL(file, EXAMPLES), 'utf8'))];
}

const FIELDS = [
  ...['name', 'image', 'target_num_containers', 'run_command', 'container_ports', 'container_envvars'],
  ...['linked_to_service', 'autorestart', 'labels', 'bindings', 'memory', 'state', 'reconcile', 'key'],
  ...['value', 'value_from', 'env', 'file', 'to_service', 'depends_on', 'ignore', 'redeploy', 'x'],
];

/** YAML that a grammar could make: mostly well formed, of the wrong shape. */
function grown(rng: Rng, depth: number): string {
  const indent = '  '.repeat(depth);
  const scalar = () =>
    rng.pick([
      () => rng.pick(NASTY),
      () => `"${rng.pick(NASTY)}"`,
      () => `'${rng.pick(NASTY)}'`,
      () => rng.pick(FIELDS),
      () => String(rng.below(100)),
      () => '[a, {b: c}, [d]]',
      () => '{a: 1, b: [2]}',
      () => `|\n${indent}    ${rng.pick(NASTY)}`,
    ])();
  return Array.from({ length: 1 + rng.below(5) }, () => {
    const deeper = depth < 6 && rng.chance(0.3);
    const head = rng.chance(0.3) ? `${indent}-` : `${indent}${rng.pick(FIELDS)}:`;
    return deeper ? `${head}\n${grown(rng, depth + 1)}` : `${head} ${scalar()}\n`;
  }).join('');
}

/** What is quadratic or recursive in a parser. */
function large(rng: Rng): string {
  const times = 1 + rng.below(rng.chance(0.1) ? 30_000 : 300);
  const unit = rng.pick([
    '[',
    '{',
    '- ',
    '? ',
    'a: ',
    '"',
    "'",
    '#\n',
    '---\n',
    'a: 1\n',
    '[],',
    '{a: [',
    ' ',
    '\n',
    '!a ',
    '&a ',
    '|\n',
    '"\\n',
  ]);
  return `${rng.chance(0.5) ? 'name: web\nimage: a\nlabels: ' : ''}${unit.repeat(times)}`;
}

export function manifests(): Target {
  const texts = corpus();
  return {
    name: 'manifests',
    make(seed) {
      const rng = new Rng(seed, 1);
      const kind = rng.next();
      if (kind < 0.55) return Buffer.from(damage(rng.pick(texts), rng));
      if (kind < 0.75) return damageBytes(Buffer.from(rng.pick(texts)), rng);
      if (kind < 0.95) return Buffer.from(grown(rng, 0));
      return Buffer.from(large(rng));
    },
    run(input) {
      const file = sourceFile('fleet/a.yaml', input, LIMITS.fileBytes);
      const other = sourceFile('fleet/db.yaml', Buffer.from('name: db2\nimage: a\n'), LIMITS.fileBytes);
      const loaded = load({ kind: 'complete', files: [file, other], revision: 'r' }, { resolver: RESOLVER });
      const { wishes, complete, problems } = loaded.load;
      mustHold(complete === (loaded.diagnostics.length === 0), 'complete although something is wrong');
      mustHold(complete || !wishes.some(({ name }) => name === 'web'), 'a broken file gives a wish');
      for (const diagnostic of [...loaded.diagnostics, ...loaded.warnings]) {
        const { line, col } = diagnostic.place;
        mustHold(line >= 1 && col >= 1, 'a diagnostic without a place', () => diagnostic);
        mustBeClean(renderDiagnostic(diagnostic), [RESOLVED], 'a diagnostic');
        mustBeClean(oneLine(diagnostic), [RESOLVED], 'a problem');
      }
      for (const problem of problems) mustBeClean(problem, [RESOLVED], 'a problem');
      mustHold(
        loaded.diagnostics.length <= 52 + 50,
        'too many diagnostics',
        () => `${loaded.diagnostics.length}`,
      );
      if (wishes.length > 1) mustPlan(wishes, text(input));
      mustBePristine();
    },
    close: async () => {},
  };
}

function mustPlan(wishes: Parameters<typeof planOf>[0]['wishes'] & object, source: string): void {
  const plan = planOf({ wishes });
  const values = wishes.flatMap(({ spec }) => (spec.container_envvars ?? []).map(({ value }) => value));
  // A value that the manifest also says elsewhere may be shown there; ours stand nowhere else unless moved.
  const moved = source.split(CANARY).length !== FULL.split(CANARY).length;
  const secrets = values.filter((value) => value.includes(CANARY) && (!moved || value.includes(RESOLVED)));
  for (const render of Object.values(RENDERERS)) {
    const shown = render(plan, PLAIN_OPTIONS);
    const image = wishes.some(({ spec }) =>
      JSON.stringify({ ...spec, container_envvars: [] }).includes(RESOLVED),
    );
    mustBeClean(shown, image ? [] : secrets, 'a plan');
  }
}
