package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// What ended while nobody could watch is not among what is listed afterwards,
// but an operation may wait for just that end.
func TestAStreamThatMissedAnEndTellsOfIt(t *testing.T) {
	t.Parallel()
	named := func(name string) any {
		return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name}}
	}
	var told []string
	s := newStream(nil, "pods", func(o any) { told = append(told, o.(metav1.Object).GetName()) })
	s.seen = cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	heard := func() []string {
		defer func() { told = nil }()
		return told
	}

	select {
	case <-s.complete:
		t.Fatal("nothing was seen yet")
	default:
	}
	require.NoError(t, s.Replace([]any{named("one")}, "1"))
	require.Equal(t, []string{"one"}, heard())
	<-s.complete
	require.NoError(t, s.Add(named("two")))
	require.Equal(t, []string{"two"}, heard())
	require.NoError(t, s.Replace([]any{named("two")}, "9"))
	require.Subset(t, heard(), []string{"one", "two"})
	require.NoError(t, s.Delete(named("two")))
	require.Equal(t, []string{"two"}, heard())
	require.Empty(t, s.seen.List())
}
