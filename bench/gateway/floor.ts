import { connect, createServer, type AddressInfo } from 'node:net'

// What no gateway can go below: hands bytes on, to where the whole answer lies ready.
const upstream = Number(process.env['READY_PORT'])
const server = createServer({ noDelay: true }, (client) => {
  const other = connect({ host: '127.0.0.1', port: upstream, noDelay: true })
  client.pipe(other).pipe(client)
  client.on('error', () => other.destroy())
  other.on('error', () => client.destroy())
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` })
})
process.on('disconnect', () => process.exit(0))
