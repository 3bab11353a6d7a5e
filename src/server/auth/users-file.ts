/** The users file (`serve --users`): JSON or YAML, checked against schemas/users.schema.json. Messages show no key. */
import { UserError } from '../../service/failure.ts';
import { readSettings } from '../settings-file.ts';
import { createUsers, type UserEntry, type Users } from './users.ts';

/** Rejects with a UserError that says what in the file is wrong, and where. */
export async function loadUsers(path: string): Promise<Users> {
  const { users } = await readSettings<{ users: readonly UserEntry[] }>(path, 'users.schema.json', 'EK803');
  const seen = new Set<string>();
  for (const [index, { name, key, key_sha256 }] of users.entries()) {
    if ((key === undefined) === (key_sha256 === undefined)) {
      throw new UserError(
        'EK803',
        `${path}: users[${index}] ('${name}') needs exactly one of key and key_sha256`,
        3,
      );
    }
    const id = JSON.stringify([name, key ?? key_sha256]);
    if (seen.has(id)) throw new UserError('EK803', `${path}: users[${index}] ('${name}') is there twice`, 3);
    seen.add(id);
  }
  return createUsers(users);
}
