import type { Feature } from './feature.js'
import { abstractTypes } from './features/abstract-types.js'
import { keys } from './features/keys.js'
import { operations } from './features/operations.js'
import { requires } from './features/requires.js'
import { sharing } from './features/sharing.js'

export const features: readonly Feature[] = [
  ...keys,
  ...requires,
  ...sharing,
  ...abstractTypes,
  ...operations,
]
