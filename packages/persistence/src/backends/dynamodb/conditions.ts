import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { TenantId } from '@heirloom/tenancy'
import type { Expectation } from '../../ports/record-table.js'

export interface Condition {
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames: Record<string, string>
  readonly ExpressionAttributeValues: Record<string, AttributeValue>
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const noVersion = 'none'

/** An expectation as DynamoDB judges it, at the moment of the write. */
export function conditionOf(expect: Expectation, tenant: TenantId, now: number): Condition {
  const ours = { '#tenant': 'tenant_id' }
  const tenantValue = { ':tenant': { S: tenant } }
  if (expect === 'anything') {
    return {
      ConditionExpression: 'attribute_not_exists(PK) OR #tenant = :tenant',
      ExpressionAttributeNames: ours,
      ExpressionAttributeValues: tenantValue,
    }
  }
  const names = { ...ours, '#expires': 'expires_at' }
  const values = { ...tenantValue, ':now': { N: String(now) } }
  if (expect === 'absent') {
    return {
      ConditionExpression: 'attribute_not_exists(PK) OR (#tenant = :tenant AND #expires <= :now)',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
    }
  }
  const version = uuid.test(expect.version) ? expect.version : noVersion
  return {
    ConditionExpression:
      '#version = :version AND #tenant = :tenant AND ' +
      '(attribute_not_exists(#expires) OR #expires > :now)',
    ExpressionAttributeNames: { ...names, '#version': 'version' },
    ExpressionAttributeValues: { ...values, ':version': { S: version } },
  }
}
