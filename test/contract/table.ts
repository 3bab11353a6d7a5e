/** The contract's report: which case held on which engine. */
import { writeFile } from 'node:fs/promises';

export interface ContractTable {
  ended(engine: string, name: string, well: boolean): void;
  skipped(engine: string, why: string): void;
  print(): Promise<void>;
}

export function contractTable(names: readonly string[], engines: readonly string[]): ContractTable {
  const ends = new Map<string, boolean>();
  const skips = new Map<string, string>();
  const word = (engine: string, name: string) => {
    if (skips.has(engine)) return 'skipped';
    const well = ends.get(`${engine} ${name}`);
    return well === undefined ? 'not run' : well ? 'ok' : 'FAILED';
  };
  const widest = Math.max(...names.map((name) => name.length));
  const line = (name: string, words: readonly string[]) =>
    `${name.padEnd(widest)}  ${words.map((one) => one.padEnd(9)).join('  ')}`.trimEnd();
  const row = (name: string) =>
    line(
      name,
      engines.map((engine) => word(engine, name)),
    );
  const total = (engine: string) => {
    const why = skips.get(engine);
    const count = (wanted: string) => names.filter((name) => word(engine, name) === wanted).length;
    const rest = why === undefined ? `${count('not run')} not run` : `skipped: ${why}`;
    return `${engine}: ${count('ok')} of ${names.length} cases ok, ${count('FAILED')} failed, ${rest}`;
  };
  return {
    ended: (engine, name, well) => void ends.set(`${engine} ${name}`, well),
    skipped: (engine, why) => void skips.set(engine, why),
    async print() {
      const head = line(`The contract of the service API: ${names.length} cases`, engines);
      const totals = engines.map(total);
      const bad = names.filter((name) => engines.some((engine) => word(engine, name) === 'FAILED')).map(row);
      process.stdout.write(`${[head, ...bad, ...totals].join('\n')}\n`);
      const file = process.env['EVENKEEL_CONTRACT_TABLE'];
      if (file !== undefined) await writeFile(file, `${[head, ...names.map(row), ...totals].join('\n')}\n`);
    },
  };
}
