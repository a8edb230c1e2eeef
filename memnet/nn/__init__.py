"""Networks: tensors in, tensors out. Nothing here knows of SQL, FAISS or HTTP."""
