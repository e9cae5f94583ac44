import { createServer } from 'node:http'
import { collectDefaultMetrics, Registry } from 'prom-client'

export interface MetricsServer {
  readonly registry: Registry
  listen(address: { readonly host: string; readonly port: number }): Promise<void>
  close(): Promise<void>
}

/**
 * GET /metrics in the text format of Prometheus, with what prom-client tells of a process. On a port
 * of its own: it is for those who run the gateway, and not for its clients.
 */
export function createMetricsServer(): MetricsServer {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  return {
    registry,
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => resolve())
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
