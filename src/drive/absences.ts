/**
 * Since when names of live services are in no manifest, as far as complete loads say. An absence is believed after two
 * loads and the grace (design §6); a name that is wished again begins anew, also where the fleet could not be seen.
 */
import type { Load } from '../service/ports.ts';

interface Absence {
  /** Monotonic. */
  readonly since: number;
  readonly loads: number;
  /** In which it was first missing. */
  readonly commit: string | undefined;
}

/** Absent from so many complete loads. */
const LOADS = 2;

export class Absences {
  readonly #absent = new Map<string, Absence>();
  #counted: Load | undefined;

  wished({ wishes }: Load): void {
    for (const { name } of wishes) this.#absent.delete(name);
  }

  /** The commit in which the name was first missing. */
  commitOf(name: string): string | undefined {
    return this.#absent.get(name)?.commit;
  }

  /**
   * Of the `present` names, those whose absence is too young, or was not seen in complete loads often enough. Each load
   * counts once.
   */
  inGrace(load: Load, present: ReadonlySet<string>, now: number, graceMs: number): ReadonlySet<string> {
    const wished = new Set(load.wishes.map((wish) => wish.name));
    for (const name of this.#absent.keys())
      if (wished.has(name) || !present.has(name)) this.#absent.delete(name);
    const unwished = [...present].filter((name) => !wished.has(name));
    if (load.complete && load !== this.#counted) {
      for (const name of unwished) {
        const before = this.#absent.get(name) ?? { since: now, loads: 0, commit: load.commit?.sha };
        this.#absent.set(name, { ...before, loads: before.loads + 1 });
      }
    }
    this.#counted = load;
    return new Set(
      unwished.filter((name) => {
        const absent = this.#absent.get(name);
        return absent === undefined || absent.loads < LOADS || now - absent.since < graceMs;
      }),
    );
  }
}
