/**
 * `npm run proof`: everything docs/reliability.md promises, one command after the other, some hours of two processors.
 * `-- sim:crash real …` runs only those; `--write` puts the figures into the page; `--list` says what there is.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

const PAGE = new URL('../docs/reliability.md', import.meta.url);
const BEGIN = '<!-- figures: begin, by npm run proof -->';
const END = '<!-- figures: end -->';

/** The name of the npm script, and what it is called with here. */
const COMMANDS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['sim:model', []],
  ['sim:crash', []],
  ['sim:fault', []],
  ['sim:pairs', []],
  ['sim:dry-run', []],
  ['sim:random', ['--budget', '10m']],
  ['sim:git', []],
  ['sim:mutants', []],
  ['real', []],
  ['fuzz', []],
  ['load', []],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, list: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !COMMANDS.some(([one]) => one === name));
if (unknown.length > 0) throw new Error(`nothing is called ${unknown.join(', ')}`);
const chosen = COMMANDS.filter(([name]) => positionals.length === 0 || positionals.includes(name));

if (values.list) {
  for (const [name, args] of chosen) console.log(command(name, args));
} else {
  for (const [name, args] of chosen) await prove(name, args);
}

function command(name: string, args: readonly string[]): string {
  return `npm run ${name}${args.length === 0 ? '' : ` -- ${args.join(' ')}`}`;
}

async function prove(name: string, args: readonly string[]): Promise<void> {
  console.log(`\n── ${command(name, args)}`);
  const { code, said } = await run(['run', '--silent', name, '--', ...args]);
  if (code !== 0) {
    console.log(`── ${name}: FAILED (${code})`);
    process.exitCode = 1;
  } else if (values.write) write(name, row(command(name, args), said));
}

function run(args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      process.stdout.write(text);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, said }));
  });
}

/** The indented lines behind the last line that is not: what the commands print at their end. */
function row(called: string, said: string): string {
  const lines = said.trimEnd().split('\n');
  const last = lines.findLastIndex((line) => !line.startsWith(' '));
  const figures = lines.slice(last + 1).filter((line) => !line.includes('oracles asked'));
  const text = figures.map((line) => line.trim()).join('; ');
  const day = new Date().toISOString().slice(0, 10);
  return `| \`${called}\` | ${text.replaceAll('|', '\\|')} | ${day}, Node ${process.versions.node}, ${cpus().length} processors |`;
}

/** Takes the place of the command's row. */
function write(name: string, line: string): void {
  const page = readFileSync(PAGE, 'utf8');
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from === -1 || to < from) throw new Error('docs/reliability.md has lost the marks around its figures');
  const rows = page.slice(from + BEGIN.length, to).split('\n');
  const at = rows.findIndex((row) => row.startsWith(`| \`npm run ${name}`));
  if (at === -1) throw new Error(`docs/reliability.md has no row for ${name}`);
  writeFileSync(PAGE, page.slice(0, from) + BEGIN + rows.with(at, line).join('\n') + page.slice(to));
}
