import { testTenant } from '@heirloom/testkit'
import { newTraceparent } from '@heirloom/telemetry'
import type { Caller } from '../federation/subgraph-request.js'

/** Somebody who shows every subgraph the same header. */
export function testCaller(authorization = 'Bearer t'): Caller {
  const tenant = testTenant()
  return {
    requestId: tenant.requestId,
    traceparent: newTraceparent(),
    rights: tenant.tenantId,
    headersFor: () => Promise.resolve({ authorization }),
  }
}
