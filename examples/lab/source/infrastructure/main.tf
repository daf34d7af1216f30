# Storage of the web shop. Owner: team checkout.
resource "aws_s3_bucket" "invoices" {
  bucket = "acme-invoices" # do not rename: partners upload here

  tags = {
    team = "checkout"
  }
}

resource "aws_db_instance" "orders" {
  identifier          = "orders"
  engine              = "postgres"
  instance_class      = "db.t3.medium"
  allocated_storage   = 50
  username            = "shop"
  password            = "change-me-in-the-console"
  publicly_accessible = true
  skip_final_snapshot = true
}

resource "aws_instance" "runner" {
  ami           = "ami-0abcdef1234567890"
  instance_type = "t3.large"
}

resource "aws_kms_key" "orders" {
  description = "orders"
}
