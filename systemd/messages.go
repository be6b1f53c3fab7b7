package systemd

// messages are the entries of the journal that can be searched for by a
// MESSAGE_ID, which stays when the words change. vifd.catalog explains them.
var messages = map[string]string{
	"ready":    "23519c4094e24fe7bef9ec28d1db4147",
	"attached": "dbac96d3720142459e5becccd5bc1852",
	"detached": "652dba399f054c8a8978bcb503e7e502",
	"mended":   "d00111c91fd54068806264d2851dc8b6",
	"request":  "68762903ee154155b39c8c4749dba485",
	"rollback is not complete, and will be tried again":                  "e69caa2d607a4e44a7d2b25ad4c71d77",
	"taken away, as nobody owns it":                                      "aef608bb66da42b0afbb050eeed161e0",
	"the guest refused to let go of a NIC":                               "1a3c21cd82594d12bfee1dd78cbd41f4",
	"libvirt is not there":                                               "124b00c5fdb84978a0c166c036bbe084",
	"no connection to the database of Open vSwitch":                      "e800287d63be4c4eb6c46680d418fd5e",
	"the store is damaged: vifd ends, and rebuilds it at its next start": "8eae7679a7ab493e8464d8105b940b64",
	"the store was rebuilt from what is on this host":                    "35c2a4ccbb0f4f5080db43f2f7e22396",
	"the configuration stays as it was: the new one is wrong":            "a572fee5532f465eb439cbafd96cad31",
	"the configuration was read again":                                   "02f375684f6b468992707d99ff735e20",
}
