import { Plug } from 'lucide-react'

import { EmptyState } from '@/components/empty-state'
import { ConnectCard } from '@/features/instances/connect-card'

import { useShown } from './shown'

export function ConnectTab() {
  const { instance, mayOperate, onStarted } = useShown()
  if (!instance.endpoint) {
    return (
      <EmptyState icon={Plug} title="It has no address yet">
        An instance gets its address while it is created, and keeps it.
      </EmptyState>
    )
  }
  return <ConnectCard instance={instance} canReveal={mayOperate} onStarted={onStarted} />
}
