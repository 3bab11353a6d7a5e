/** The floor: fastify alone, which serves the bytes it was given and does nothing about them. */
import { fastify } from 'fastify';

interface Given {
  readonly list: string;
  readonly one: string;
}

process.once('message', async (message) => {
  const { list, one } = message as Given;
  const app = fastify();
  const type = 'application/json; charset=utf-8';
  app.get('/api/v1/service/', (_request, reply) => reply.type(type).send(list));
  app.get('/api/v1/service/:uuid/', (_request, reply) => reply.type(type).send(one));
  app.patch('/api/v1/service/:uuid/', (_request, reply) => reply.code(202).type(type).send(one));
  process.send?.(await app.listen({ host: '127.0.0.1', port: 0 }));
});
