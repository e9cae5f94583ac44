import type { Command } from '../../command.js'
import { routesExplain, routesList, routesSave } from './list.js'
import {
  routesCutOver,
  routesMigrate,
  routesProvision,
  routesResume,
  routesRetire,
  routesRollback,
  routesStatus,
  routesStop,
} from './migrate.js'

export const routes: readonly Command[] = [
  routesList,
  routesSave,
  routesExplain,
  routesProvision,
  routesMigrate,
  routesStatus,
  routesStop,
  routesResume,
  routesCutOver,
  routesRollback,
  routesRetire,
]
