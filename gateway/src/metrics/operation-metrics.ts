import { Counter, type Registry } from 'prom-client'
import type { OperationObserver } from '../federation/compiled/compiled-operations.js'

/** Counts that go on when the supergraph is replaced. */
export function createOperationMetrics(registry: Registry): OperationObserver {
  const operations = new Counter({
    name: 'heirloom_gateway_operations_total',
    help: 'Queries and mutations by how they ended up: compiled, shared (handed what another one was waiting for; counted as compiled too), refused (no sound plan).',
    labelNames: ['how'],
    registers: [registry],
  })
  const fallbacks = new Counter({
    name: 'heirloom_gateway_fallbacks_total',
    help: 'Queries and mutations that were left to the reference executor, by the reason.',
    labelNames: ['reason'],
    registers: [registry],
  })
  return {
    ran: (how) => operations.inc({ how }),
    leftToReference: (reason) => fallbacks.inc({ reason }),
  }
}
