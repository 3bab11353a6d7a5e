import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Cruise {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
    readonly totalCruised: number;
  };
  readonly modules: readonly { readonly source: string }[];
}

/** The boundary check as `npm run boundaries` runs it, over a copy of the tree. */
function cruise(folder: string): Cruise {
  const output = execFileSync(
    process.execPath,
    [
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.mjs',
      '--output-type',
      'json',
      'src',
    ],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  return JSON.parse(output) as Cruise;
}

/** One violation of each kind: file, its text, the rule that must find it. */
const PLANTED: readonly (readonly [file: string, text: string, rule: string])[] = [
  ['src/service/planted.ts', "import 'node:fs';", 'pure-floors'],
  ['src/decide/planted-package.ts', "import 'axios';", 'pure-floors'],
  ['src/service/planted-up.ts', "import type {} from '../decide/planted-package.ts';", 'nouns-first'],
  ['src/decide/planted-up.ts', "import '../api/planted.ts';", 'decide-knows-no-world'],
  ['src/render/planted.ts', "import type {} from '../api/planted.ts';", 'edges-are-strangers'],
  ['src/api/planted.ts', "import '../drive/planted.ts';", 'edges-are-strangers'],
  ['src/drive/planted.ts', "import '../journal/planted-store.ts';", 'motions-are-strangers'],
  ['src/server/planted.ts', "import '../ops/planted.ts';", 'motions-are-strangers'],
  ['src/ops/planted.ts', "import '../cli/planted.ts';", 'motions-are-strangers'],
  ['src/cli/planted-back.ts', "import './planted.ts';", 'no-circular'],
  ['src/journal/planted-orphan.ts', 'export {};', 'no-orphans'],
  ['src/source/planted-test.ts', "import '../../test/planted.ts';", 'no-dep-on-test'],
  ['src/source/planted-dev.ts', "import 'fast-check';", 'not-to-dev-dep'],
  ['src/source/planted-nowhere.ts', "import 'not-installed-anywhere';", 'not-to-unresolvable'],
  ['src/api/planted-chokidar.ts', "import 'chokidar';", 'chokidar-at-home'],
  ['src/drive/planted-axios.ts', "import 'axios';", 'axios-at-home'],
  ['src/drive/planted-queue.ts', "import 'p-queue';", 'p-queue-at-home'],
  ['src/api/planted-fastify.ts', "import 'fastify';", 'fastify-at-home'],
  ['src/server/planted-commander.ts', "import 'commander';", 'commander-at-home'],
  ['src/drive/planted-yaml.ts', "import 'yaml';", 'yaml-and-ajv-at-home'],
  ['src/api/planted-pino.ts', "import 'pino';", 'pino-at-home'],
  ['src/render/planted-colours.ts', "import 'picocolors';", 'picocolors-at-home'],
  ['src/server/planted-docker.ts', "import 'dockerode';", 'dockerode-at-home'],
  ['src/journal/planted-store.ts', "import 'lmdb';", 'lmdb-at-home'],
];

describe('boundaries', () => {
  let folder: string;
  let clean: Cruise;
  let planted: Cruise;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'evenkeel-boundaries-'));
    for (const entry of ['.dependency-cruiser.mjs', 'package.json', 'tsconfig.json', 'src'])
      cpSync(join(ROOT, entry), join(folder, entry), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    clean = cruise(folder);
    mkdirSync(join(folder, 'test'));
    writeFileSync(join(folder, 'test/planted.ts'), 'export {};\n');
    writeFileSync(join(folder, 'src/cli/planted.ts'), "import './planted-back.ts';\n");
    for (const [file, text] of PLANTED) {
      // git keeps no empty folder, so one of the house may not be there yet.
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), `${text}\n`);
    }
    planted = cruise(folder);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('looks at every file of src, so that a check which reads nothing cannot pass', () => {
    const files = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.includes('planted'))
      .map((file) => `src/${file}`);
    const cruised = new Set(clean.modules.map((module) => module.source));
    expect(files.filter((file) => !cruised.has(file))).toEqual([]);
    expect(clean.summary.totalCruised).toBeGreaterThanOrEqual(files.length);
  });

  it.each(PLANTED)('finds the violation planted in %s (%s): %s', (file, _text, rule) => {
    const found = planted.summary.violations.filter((violation) => violation.from === file);
    expect(found.map((violation) => violation.rule.name)).toContain(rule);
  });
});
