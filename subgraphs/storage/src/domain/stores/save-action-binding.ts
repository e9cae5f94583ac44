import { AppError, hasCode } from '@heirloom/errors'
import type { ActionBinding, NewActionBinding } from '@heirloom/persistence'
import type { Stores } from './stores.js'

/**
 * Binds an action (`expectedRevision` 0) or changes its binding as the caller saw it.
 * @throws AppError STALE_REVISION with `details.expected` and `details.current`, FORBIDDEN
 */
export async function saveActionBinding(
  stores: Stores,
  binding: NewActionBinding,
  expectedRevision: number,
  by: string,
): Promise<ActionBinding> {
  const store = stores.firearms()
  try {
    return expectedRevision === 0
      ? await store.bind(binding, by)
      : await store.rebind(binding, expectedRevision, by)
  } catch (error) {
    if (!hasCode(error, 'CONFLICT') && !hasCode(error, 'NOT_FOUND')) throw error
    const current = (await store.binding(binding.actionName))?.revision ?? 0
    throw new AppError('STALE_REVISION', 'the binding is not as it was expected', {
      cause: error,
      details: { expected: expectedRevision, current },
    })
  }
}
