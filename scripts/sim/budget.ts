/** `--budget 90s`, `10m`, `2h` in milliseconds. */
export function milliseconds(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text) ?? [];
  if (amount === undefined) throw new Error(`--budget ${text}: expected something like 90s, 10m or 2h`);
  return Number(amount) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h'];
}
