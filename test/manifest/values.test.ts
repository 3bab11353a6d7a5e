/** Variables and `value_from`: what they become, what they never become, and what is not given to manifests. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeDollars, expand } from '../../src/manifest/variables.ts';
import { codes, loadText, validateText, wishOf } from '../support/manifests.ts';

const web = 'name: web\nimage: nginx\n';
const withEnv = (value: string, env: Record<string, string>) =>
  wishOf(`${web}run_command: ${value}\n`, { env }).spec.run_command;

describe('variables', () => {
  it('are replaced inside any text, with a default when unset or empty', () => {
    expect(withEnv('"a ${A}-${B:-b c}-${A:-z}"', { A: '1' })).toBe('a 1-b c-1');
    expect(withEnv('"${A:-d}"', { A: '' })).toBe('d');
    expect(withEnv('"${A}"', { A: '' })).toBe('');
    expect(withEnv('"${A:-}"', {})).toBe('');
  });

  it('leave $$ as one dollar sign and any other dollar sign alone', () => {
    expect(withEnv('"$$ $${A} $A $1 5$ $$$$"', { A: 'x' })).toBe('$ ${A} $A $1 5$ $$');
  });

  it('cannot bring YAML of their own, or variables', () => {
    const A = 'x"\nstate: Stopped\n# ${B}';
    expect(withEnv('"${A}"', { A, B: 'no' })).toBe(A);
  });

  it('are numbers and booleans only in fields for those, and only without quotes', () => {
    const text = `${web}target_num_containers: \${N}\nsequential_deployment: \${S}\ncontainer_envvars:\n  - key: A\n    value: \${N}\n`;
    const env = { N: '3', S: 'true' };
    expect(wishOf(text, { env }).spec).toMatchObject({
      target_num_containers: 3,
      sequential_deployment: true,
      container_envvars: [{ key: 'A', value: '3' }],
    });
    expect(codes(loadText(`${web}target_num_containers: "\${N}"\n`, { env }))).toEqual(['EK203 3:24']);
    for (const N of ['0x3', '03', '1e1', '3.0', 'three', ''])
      expect(codes(loadText(`${web}target_num_containers: \${N}\n`, { env: { N } }))).toEqual(['EK203 3:24']);
  });

  it('that are unset leave the field out of the spec and are listed', () => {
    const wish = wishOf(
      `${web}target_num_containers: \${N}\ncontainer_ports:\n  - inner_port: 80\n    outer_port: \${P}\ncontainer_envvars: [{ key: A, value: "\${X}" }, { key: B, value: b }]\n`,
    );
    expect(wish.spec).toEqual({ image: 'nginx', container_envvars: [{ key: 'B', value: 'b' }] });
    expect(wish.unknowns).toEqual([
      { field: 'target_num_containers', variable: 'N' },
      { field: 'container_ports', variable: 'P' },
      { field: 'container_envvars', key: 'A', variable: 'X' },
    ]);
  });

  it('that are unset are fine for validate, but their form and their defaults are checked', () => {
    expect(
      codes(validateText(`name: \${NAME}\nimage: \${I}\nstate: \${S}\ntarget_num_containers: \${N}\n`)),
    ).toEqual([]);
    expect(codes(validateText(`${web}target_num_containers: \${N:-many}\n`))).toEqual(['EK203 3:24']);
    expect(codes(validateText(`${web}run_command: "\${1}"\n`))).toEqual(['EK310 3:14']);
    expect(codes(validateText(`${web}target_num_containers: \${N}\nfoo: \${X}\n`))).toEqual(['EK201 4:1']);
  });

  it('that are unset and decide what is done at all are errors', () => {
    expect(codes(loadText('name: ${N}\nimage: a\nreconcile: { protect: "${P}" }\n'))).toEqual([
      'EK311 1:7',
      'EK311 3:23',
    ]);
  });

  it('of a name make the services of that name known', () => {
    const text =
      'name: ${P}-web\nimage: a\nlinked_to_service: [{ to_service: "${P}-db" }]\n---\nname: ${P}-db\nimage: a\n';
    const { load, diagnostics } = loadText(text, { env: { P: 'x' } });
    expect(diagnostics).toEqual([]);
    expect(load.wishes.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
      ['x-web', ['x-db']],
      ['x-db', []],
    ]);
    expect(codes(validateText(text))).toEqual([]);
  });

  it('written with escapeDollars come back as they were', () => {
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom('$', '{', '}', 'A', ':-')).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(expand(escapeDollars(value), () => 'no')).toEqual({ kind: 'text', text: value });
      }),
    );
  });
});

describe('value_from', () => {
  const from = (what: string) => `${web}container_envvars:\n  - { key: A, value_from: ${what} }\n`;

  it('takes a variable or a file, as it is', () => {
    expect(wishOf(from('{ env: X }'), { env: { X: '${Y} $$' } }).spec.container_envvars).toEqual([
      { key: 'A', value: '${Y} $$' },
    ]);
    const file = (path: string) => ({ ok: true as const, text: `content of ${path}` });
    expect(wishOf(from('{ file: db/pw }'), { file }).spec.container_envvars).toEqual([
      { key: 'A', value: 'content of db/pw' },
    ]);
  });

  it('that is not there is listed with its key, and says why when setting it would not help', () => {
    const unset = loadText(from('{ env: X }'));
    expect(unset.load.wishes[0]).toMatchObject({
      spec: { container_envvars: [] },
      unknowns: [{ field: 'container_envvars', key: 'A', variable: 'X' }],
    });
    expect(unset.warnings).toEqual([]);
    const file = loadText(from('{ file: pw }'), { file: () => ({ ok: false, error: 'permission denied' }) });
    expect(file.load.wishes[0]?.unknowns).toEqual([{ field: 'container_envvars', key: 'A', variable: 'pw' }]);
    expect(file.warnings.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'EK353 container_envvars/0/value_from: pw is not resolved: permission denied',
    ]);
  });

  it.each(['TUTUM_APIKEY', 'EVENKEEL_API_KEY_FILE', 'DOCKERCLOUD_AUTH', 'tutum_user'])(
    'never takes %s, and neither does a variable',
    (name) => {
      const env = { [name]: 'CANARY' };
      const result = loadText(`${from(`{ env: ${name} }`)}run_command: "\${${name}} \${${name}:-x}"\n`, {
        env,
      });
      expect(result.load.wishes[0]?.unknowns).toHaveLength(2);
      expect(result.warnings.map(({ code }) => code)).toEqual(['EK353', 'EK353']);
      expect(JSON.stringify(result)).not.toContain('CANARY');
    },
  );

  it('takes only what matches --env-allow, where that is given', () => {
    const text = `${from('{ env: APP_A }')}run_command: "\${APP_B} \${HOME}"\n`;
    const env = { APP_A: 'a', APP_B: 'b', HOME: 'CANARY' };
    const result = loadText(text, { env, allow: ['APP_*', 'OTHER'] });
    expect(result.load.wishes[0]).toMatchObject({
      spec: { container_envvars: [{ key: 'A', value: 'a' }] },
      unknowns: [{ field: 'run_command', variable: 'HOME' }],
    });
    expect(loadText(text, { env, allow: [] }).load.wishes[0]?.unknowns).toHaveLength(2);
    expect(loadText(text, { env, allow: ['*'] }).load.wishes[0]?.unknowns).toEqual([]);
  });

  it('takes no property that every object has', () => {
    expect(loadText(from('{ env: constructor }')).load.wishes[0]?.unknowns).toHaveLength(1);
  });
});
