import { Lock } from 'lucide-react'
import type { ReactNode } from 'react'

import { EmptyState } from '@/components/empty-state'

import { useShown } from './shown'

/** What only operators may see; others read why not. */
export function OperatorsOnly({ children }: { children: ReactNode }) {
  const { mayOperate } = useShown()
  if (mayOperate) return children
  return (
    <EmptyState icon={Lock} title="This is for operators">
      It can show and change what the databases hold. Ask an administrator for the role operator.
    </EmptyState>
  )
}
