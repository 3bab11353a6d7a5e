import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dockerHost } from '../../src/cli/docker-host.ts';

it('the Docker engine is found as the docker command finds it, with its certificates where they are wanted', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-certs-'));
  try {
    expect(await dockerHost({ env: {} })).toEqual({});
    expect(await dockerHost({ env: { DOCKER_HOST: '' } })).toEqual({});
    const host = 'tcp://10.0.0.5:2376';
    expect(await dockerHost({ env: { DOCKER_HOST: host } })).toEqual({ host });
    const env = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: directory };
    await expect(dockerHost({ env })).rejects.toThrow(/ca\.pem.*ENOENT.*DOCKER_CERT_PATH/);
    for (const name of ['ca', 'cert', 'key']) await writeFile(join(directory, `${name}.pem`), name);
    expect(await dockerHost({ env })).toEqual({ host, tls: { ca: 'ca', cert: 'cert', key: 'key' } });
    const socket = { ...env, DOCKER_HOST: 'unix:///run/docker.sock' };
    expect(await dockerHost({ env: socket })).toEqual({ host: 'unix:///run/docker.sock' });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
