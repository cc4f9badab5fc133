import { ParametersCard } from '@/features/instances/parameters-card'

import { useShown } from './shown'

export function ParametersTab() {
  const { instance, mayOperate, onStarted } = useShown()
  return <ParametersCard instance={instance} mayChange={mayOperate} onStarted={onStarted} />
}
