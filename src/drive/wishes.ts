/** The manifests by name, and who depends on whom. A newer set replaces the older one as a whole. */
import type { Wish } from '../service/service.ts';

export class Wishes {
  readonly #byName = new Map<string, Wish>();
  readonly #dependants = new Map<string, Set<string>>();

  replace(wishes: readonly Wish[]): void {
    this.#byName.clear();
    this.#dependants.clear();
    for (const wish of wishes) {
      this.#byName.set(wish.name, wish);
      for (const name of wish.dependsOn) {
        const same = this.#dependants.get(name);
        if (same === undefined) this.#dependants.set(name, new Set([wish.name]));
        else same.add(wish.name);
      }
    }
  }

  get(name: string): Wish | undefined {
    return this.#byName.get(name);
  }

  all(): IterableIterator<Wish> {
    return this.#byName.values();
  }

  dependantsOf(name: string): Iterable<string> {
    return this.#dependants.get(name) ?? [];
  }
}
