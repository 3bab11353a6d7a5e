/**
 * One process with one bug planted in the files around it: runs the probes it is given and tells what oracles said.
 */
export interface Said {
  readonly probe: string;
  /** What oracles said, one line each. */
  readonly wrong: readonly string[];
  readonly ms: number;
}

const all = process.argv.includes('--all');
const probes = process.argv.slice(2).filter((one) => one !== '--all');
const said: Said[] = [];
let current = '';
let begun = 0;

const tell = (message: unknown) => new Promise<void>((resolve) => process.send?.(message, () => resolve()));
const textOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));
process.on('unhandledRejection', (error) => {
  said.push({
    probe: current,
    wrong: [`P5: a rejection nobody handled: ${textOf(error)}`],
    ms: performance.now() - begun,
  });
  void tell({ said }).then(() => process.exit(0));
});

const { probe } = await import('./probes.ts');
for (const name of probes) {
  current = name;
  begun = performance.now();
  const wrong = await probe(name).catch((error: unknown) => [`exception: ${textOf(error)}`]);
  said.push({ probe: name, wrong, ms: Math.round(performance.now() - begun) });
  if (wrong.length > 0 && !all) break;
}
await tell({ said });
process.disconnect?.();
process.exit(0);
