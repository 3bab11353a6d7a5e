/**
 * What only the whole load can tell: names given twice, references to nothing, cycles, two services on one port of
 * the host, dependencies that nobody wishes to run.
 */
import type { Place, Wish } from '../service/service.ts';
import { type Cycle, findCycles } from './cycles.ts';
import { showPlace } from './diagnostic.ts';
import type { Outcome, Reference } from './interpret.ts';
import { didYouMean } from './suggest.ts';
import type { Violation } from './validate.ts';

/** A finding at a place that is known already. `names` = whose wishes cannot be used, when it is an error. */
export type Finding = Pick<Violation, 'code' | 'message' | 'hint'> & {
  readonly place: Place;
  readonly names: readonly string[];
};

export type Valid = Outcome & { readonly wish: Wish };

export interface Together {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

export interface Names {
  /** Names of the load, also of documents that are not valid. */
  readonly declared: ReadonlySet<string>;
  /** Names that resolve although they are not in this load: the last good version's, while a file is broken. */
  readonly known: ReadonlySet<string>;
  /** A name that nobody can tell may be the one that is missing. */
  readonly open: boolean;
}

export function checkTogether(valid: readonly Valid[], names: Names): Together {
  const byName = new Map(valid.map((one) => [one.wish.name, one]));
  return {
    errors: [
      ...duplicates(valid),
      ...valid.flatMap((one) => dangling(one, names)),
      ...findCycles(new Map([...byName].map(([name, one]) => [name, targets(one, byName)]))).map((cycle) =>
        cycleFinding(cycle, byName),
      ),
      ...samePorts(valid),
    ],
    warnings: valid.flatMap((one) => idleDependencies(one, byName)),
  };
}

function duplicates(valid: readonly Valid[]): Finding[] {
  const first = new Map<string, Wish>();
  return valid.flatMap(({ wish }) => {
    const { name } = wish;
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, wish);
      return [];
    }
    const place = nameOf(wish);
    const message = `two manifests are named ${name}: here and at ${showPlace(nameOf(earlier))}`;
    return [
      {
        code: 'EK301' as const,
        message,
        hint: 'a name is the identity: rename or remove one',
        place,
        names: [name],
      },
    ];
  });
}

function nameOf(wish: Wish): Place {
  return wish.places['name'] ?? wish.place;
}

function dangling({ wish, references }: Valid, { declared, known, open }: Names): Finding[] {
  if (open) return [];
  const missing = references.filter(({ to }) => !declared.has(to) && !known.has(to));
  return missing.map(({ to, place, literal }) => {
    const near = literal ? didYouMean(to, [...declared]) : undefined;
    const what = literal ? JSON.stringify(to) : 'this';
    return {
      code: 'EK302',
      message: `${what} is neither the name of a service in this load nor a resource URI`,
      hint:
        near === undefined
          ? 'add its manifest to the load, or give its resource URI'
          : `did you mean ${near}?`,
      place,
      names: [wish.name],
    };
  });
}

function targets({ references, wish }: Valid, byName: ReadonlyMap<string, Valid>): readonly string[] {
  return references.map(({ to }) => to).filter((to) => to !== wish.name && byName.has(to));
}

function cycleFinding(cycle: Cycle, byName: ReadonlyMap<string, Valid>): Finding {
  const [from = '', to = ''] = cycle;
  const one = byName.get(from) as Valid;
  const reference: Reference | undefined = one.references.find((each) => each.to === to);
  return {
    code: 'EK303',
    message: `a cycle: ${[...cycle, from].join(' → ')}; none of them could ever start first`,
    hint: 'remove one of these links or depends_on',
    place: reference?.place ?? one.wish.place,
    names: cycle,
  };
}

/** Two services that are both wished to run cannot publish the same port. */
function samePorts(valid: readonly Valid[]): Finding[] {
  const first = new Map<string, { wish: Wish; place: Place }>();
  return valid.flatMap(({ wish }) => {
    if (idle(wish)) return [];
    return (wish.spec.container_ports ?? []).flatMap(({ protocol, outer_port }, index) => {
      if (outer_port === undefined) return [];
      const port = `${protocol}/${outer_port}`;
      const place = wish.places[`container_ports/${index}`] ?? wish.place;
      const earlier = first.get(port);
      first.set(port, earlier ?? { wish, place });
      if (earlier === undefined || earlier.wish.name === wish.name) return [];
      const message = `outer port ${port} is published by ${wish.name} and by ${earlier.wish.name} (${showPlace(earlier.place)})`;
      return [
        {
          code: 'EK304' as const,
          message,
          hint: 'give one another outer_port',
          place,
          names: [wish.name, earlier.wish.name],
        },
      ];
    });
  });
}

function idle(wish: Wish): boolean {
  return wish.want === 'stopped' || wish.spec.target_num_containers === 0;
}

function idleDependencies({ wish, references }: Valid, byName: ReadonlyMap<string, Valid>): Finding[] {
  return references.flatMap(({ to, place }) => {
    const target = byName.get(to)?.wish;
    if (target === undefined || !idle(target) || idle(wish)) return [];
    const why = target.want === 'stopped' ? 'stopped' : 'at 0 containers';
    const message = `${wish.name} depends on ${to}, which is wished ${why}; it is not waited for`;
    return [{ code: 'EK351' as const, message, hint: undefined, place, names: [] }];
  });
}
