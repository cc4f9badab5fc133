import { createContext, use } from 'react'

import type { Schema } from '@/lib/api'

/** What the tabs of an instance's page show, and may do. */
export interface Shown {
  instance: Schema<'Instance'>
  mayOperate: boolean
  /** The instance's operations, newest first, once they are known. */
  operations: Schema<'Operation'>[] | undefined
  /** The operation that goes on, or was started here. */
  operation: Schema<'Operation'> | undefined
  /** Told of an operation that a tab has started. */
  onStarted: (operation: Schema<'Operation'>) => void
}

export const ShownContext = createContext<Shown | undefined>(undefined)

export function useShown(): Shown {
  const shown = use(ShownContext)
  if (!shown) throw new Error('a tab of an instance is shown outside of its page')
  return shown
}
