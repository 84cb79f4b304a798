package issues

import (
	"slices"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/debts"
	"github.com/ffegress/ffegress/integration/feed"
	"github.com/ffegress/ffegress/integration/image"
	"github.com/ffegress/ffegress/integration/node"
	"github.com/ffegress/ffegress/integration/nodes"
	"github.com/ffegress/ffegress/integration/outlets"
	"github.com/ffegress/ffegress/integration/spine"
	"github.com/ffegress/ffegress/integration/stores"
)

// Cases are the acceptance cases of each issue, by its letter.
var Cases = map[string]func() []accept.Case{
	"A":  spine.Full,
	"A2": spine.BrowserPath,
	"B":  feed.Full,
	"C":  debts.Full,
	"D":  outlets.Full,
	"E":  func() []accept.Case { return slices.Concat(stores.Full(), nodes.Full()) },
	"F":  func() []accept.Case { return slices.Concat(node.Full(), image.Full()) },
}
