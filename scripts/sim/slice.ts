/** `--slice 7/40`: each fortieth item from the seventh. */
export function slice(args: readonly string[]): (place: number) => boolean {
  const at = args.indexOf('--slice');
  if (at === -1) return () => true;
  const [, from, of] = /^(\d+)\/(\d+)$/.exec(args[at + 1] ?? '') ?? [];
  if (of === undefined) throw new Error('--slice: expected something like 7/40');
  return (place) => place % Number(of) === Number(from) % Number(of);
}
