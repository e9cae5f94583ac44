import mercuriusGateway from '@mercuriusjs/gateway'
import fastify from 'fastify'

// Mercurius in front of its gateway, with graphql-jit from the second request on.
const services = JSON.parse(process.env.SERVICES ?? '[]')
const app = fastify()
app.register(mercuriusGateway, {
  jit: 1,
  gateway: { services: services.map((service) => ({ ...service, mandatory: true })) },
})
const address = await app.listen({ host: '127.0.0.1', port: 0 })
process.on('disconnect', () => process.exit(0))
process.send?.({ address: `${address}/graphql` })
