import { AppError } from '@heirloom/errors'

export function invalid(field: string, problem: string): AppError {
  return new AppError('INVALID_INPUT', `"${field}" ${problem}`, { details: { field } })
}
