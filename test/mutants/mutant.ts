/**
 * A planted bug: one small change of one file, of a kind that a real project shipped, and who must notice it.
 */
export interface Mutant {
  /** What is wrong with it, in a few words. */
  readonly name: string;
  /** Who shipped such a thing, or which line of the research names the fault. */
  readonly after: string;
  readonly file: string;
  /** Occurs in the file exactly once. Short, so that it survives refactorings; if it does not, that is said. */
  readonly find: string;
  readonly replace: string;
  /** The oracle that must say no. */
  readonly oracle: string;
  /** Where it must say so; see probes.ts. */
  readonly probes: readonly string[];
  /** Test files in which it must be noticed too (`--unit`); default: those of its folder. */
  readonly tests?: readonly string[];
}

/** The text with the bug in it. Throws where `find` is not there exactly once. */
export function plant(mutant: Pick<Mutant, 'name' | 'file' | 'find' | 'replace'>, text: string): string {
  const { name, file, find, replace } = mutant;
  const at = text.indexOf(find);
  const times = text.split(find).length - 1;
  if (times !== 1) throw new Error(`${name}: in ${file} its text is there ${times} times: ${find}`);
  return text.slice(0, at) + replace + text.slice(at + find.length);
}
