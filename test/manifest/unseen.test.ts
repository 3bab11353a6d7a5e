import { expect, it } from 'vitest';
import { emit } from '../../src/manifest/emit.ts';
import { codes, loadText, rendered, wishOf } from '../support/manifests.ts';
import { live } from '../support/services.ts';

const HEAD = 'name: web\nimage: nginx\n';

it.each([
  ['a zero-width space in an image', 'name: web\nimage: "ngi\u200bnx"\n', 'EK117 2:8'],
  ['one that is spelt out', 'name: web\nimage: "ngi\\u200bnx"\n', 'EK117 2:8'],
  ['a soft hyphen in a label', `${HEAD}labels: { team: a\u00adb }\n`, 'EK117 3:17'],
  ['one in the key of a label', `${HEAD}labels: { a\u200db: c }\n`, 'EK117 3:11'],
  ['a line separator in a command', `${HEAD}run_command: a\u2028b\n`, 'EK117 3:14'],
  ['text that is turned round', `${HEAD}run_command: a \u202egnp.exe\n`, 'EK117 3:16'],
  ['text that is turned round in a comment', `${HEAD}# \u2067 }\n`, 'EK117 3:3'],
])('%s is refused at its place, and is not shown as it is', (_, text, said) => {
  const loaded = loadText(text);
  expect(codes(loaded)[0]).toBe(said);
  expect(rendered(loaded.diagnostics)).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(loaded.load.wishes).toEqual([]);
});

it('what is spelt out is seen, and a value of the environment may hold what people write', () => {
  const wish = wishOf(
    `${HEAD}labels: { team: "a\\u200db" }\ncontainer_envvars: [{ key: WHO, value: "\u{1f469}\u200d\u{1f4bb}" }]\n`,
  );
  expect(wish.spec.labels).toEqual({ team: 'a\u200db' });
  expect(wish.spec.container_envvars?.[0]?.value).toBe('\u{1f469}\u200d\u{1f4bb}');
});

it('a comment may be in a script that needs zero-width joins', () => {
  expect(loadText(`# \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645\n${HEAD}`).diagnostics).toEqual(
    [],
  );
});

it('a live service with such an image cannot be written as a manifest, and it is said why', () => {
  const { text, skipped } = emit([live('web', { fields: { image: 'ngi\u200bnx' } })], {
    names: new Map(),
    inlineValues: false,
  });
  expect(text).toBe('');
  expect(skipped[0]?.why).toBe('its image holds characters that cannot be seen');
});
