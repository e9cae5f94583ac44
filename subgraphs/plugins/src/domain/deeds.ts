/** What each mutation does, and what it is about, for the record of those that are denied. */
export const deeds = {
  registerPlugin: { action: 'plugin:register', kind: 'Plugin' },
}
