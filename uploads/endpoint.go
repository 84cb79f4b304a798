package uploads

// CustomEndpoint tells that the store is not at its provider's own address.
func (t Target) CustomEndpoint() bool { return t.S3 != nil && t.S3.Endpoint != "" }
